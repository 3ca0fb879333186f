"""PyRadiomics as a worker of the benchmark: ``RadiomicsFeatureExtractor.execute`` with the classes that were asked for.

Its bins start at a multiple of the bin width at or below the least intensity; texture is averaged over directions.
"""

from __future__ import annotations

import logging

import numpy as np
import radiomics
import SimpleITK as sitk
from protocol import Library, serve
from radiomics.featureextractor import RadiomicsFeatureExtractor

FAMILIES = {
    "morphology": "shape",
    "statistics": "firstorder",
    "glcm": "glcm",
    "glrlm": "glrlm",
    "glszm": "glszm",
    "ngtdm": "ngtdm",
    "ngldm": "gldm",
}
# "class_Feature" of PyRadiomics -> code of IBSI; what is missing here has no counterpart in IBSI
CODES = {
    "shape_MeshVolume": "RNU0",
    "shape_VoxelVolume": "YEKZ",
    "shape_SurfaceArea": "C0JK",
    "shape_SurfaceVolumeRatio": "2PR5",
    "shape_Sphericity": "QCFX",
    "shape_Maximum3DDiameter": "L0JK",
    "shape_MajorAxisLength": "TDIC",
    "shape_MinorAxisLength": "P9VJ",
    "shape_LeastAxisLength": "7J51",
    "shape_Elongation": "Q3CK",
    "shape_Flatness": "N17B",
    "firstorder_Mean": "Q4LE",
    "firstorder_Variance": "ECT3",
    "firstorder_Skewness": "KE2A",
    "firstorder_Kurtosis": "IPH6",
    "firstorder_Median": "Y12H",
    "firstorder_Minimum": "1GSF",
    "firstorder_10Percentile": "QG58",
    "firstorder_90Percentile": "8DWT",
    "firstorder_Maximum": "84IY",
    "firstorder_InterquartileRange": "SALO",
    "firstorder_Range": "2OJQ",
    "firstorder_MeanAbsoluteDeviation": "4FUA",
    "firstorder_RobustMeanAbsoluteDeviation": "1128",
    "firstorder_Energy": "N8CA",
    "firstorder_RootMeanSquared": "5ZWQ",
    "glcm_MaximumProbability": "GYBY",
    "glcm_JointAverage": "60VM",
    "glcm_SumSquares": "UR99",
    "glcm_JointEntropy": "TU9B",
    "glcm_DifferenceAverage": "TF7R",
    "glcm_DifferenceVariance": "D3YU",
    "glcm_DifferenceEntropy": "NTRS",
    "glcm_SumAverage": "ZGXS",
    "glcm_SumEntropy": "P6QZ",
    "glcm_JointEnergy": "8ZQL",
    "glcm_Contrast": "ACUI",
    "glcm_Id": "IB1Z",
    "glcm_Idn": "NDRX",
    "glcm_Idm": "WF0Z",
    "glcm_Idmn": "1QCO",
    "glcm_InverseVariance": "E8JP",
    "glcm_Correlation": "NI2N",
    "glcm_Autocorrelation": "QWB0",
    "glcm_ClusterTendency": "DG8W",
    "glcm_ClusterShade": "7NFM",
    "glcm_ClusterProminence": "AE86",
    "glcm_Imc1": "R8DG",
    "glcm_Imc2": "JN9H",
    "glrlm_ShortRunEmphasis": "22OV",
    "glrlm_LongRunEmphasis": "W4KF",
    "glrlm_LowGrayLevelRunEmphasis": "V3SW",
    "glrlm_HighGrayLevelRunEmphasis": "G3QZ",
    "glrlm_ShortRunLowGrayLevelEmphasis": "HTZT",
    "glrlm_ShortRunHighGrayLevelEmphasis": "GD3A",
    "glrlm_LongRunLowGrayLevelEmphasis": "IVPO",
    "glrlm_LongRunHighGrayLevelEmphasis": "3KUM",
    "glrlm_GrayLevelNonUniformity": "R5YN",
    "glrlm_GrayLevelNonUniformityNormalized": "OVBL",
    "glrlm_RunLengthNonUniformity": "W92Y",
    "glrlm_RunLengthNonUniformityNormalized": "IC23",
    "glrlm_RunPercentage": "9ZK5",
    "glrlm_GrayLevelVariance": "8CE5",
    "glrlm_RunVariance": "SXLW",
    "glrlm_RunEntropy": "HJ9O",
    "glszm_SmallAreaEmphasis": "5QRC",
    "glszm_LargeAreaEmphasis": "48P8",
    "glszm_LowGrayLevelZoneEmphasis": "XMSY",
    "glszm_HighGrayLevelZoneEmphasis": "5GN9",
    "glszm_SmallAreaLowGrayLevelEmphasis": "5RAI",
    "glszm_SmallAreaHighGrayLevelEmphasis": "HW1V",
    "glszm_LargeAreaLowGrayLevelEmphasis": "YH51",
    "glszm_LargeAreaHighGrayLevelEmphasis": "J17V",
    "glszm_GrayLevelNonUniformity": "JNSA",
    "glszm_GrayLevelNonUniformityNormalized": "Y1RO",
    "glszm_SizeZoneNonUniformity": "4JP3",
    "glszm_SizeZoneNonUniformityNormalized": "VB3A",
    "glszm_ZonePercentage": "P30P",
    "glszm_GrayLevelVariance": "BYLV",
    "glszm_ZoneVariance": "3NSA",
    "glszm_ZoneEntropy": "GU8N",
    "ngtdm_Coarseness": "QCDE",
    "ngtdm_Contrast": "65HE",
    "ngtdm_Busyness": "NQ30",
    "ngtdm_Complexity": "HDEZ",
    "ngtdm_Strength": "1X9X",
    "gldm_SmallDependenceEmphasis": "SODN",
    "gldm_LargeDependenceEmphasis": "IMOQ",
    "gldm_LowGrayLevelEmphasis": "TL9H",
    "gldm_HighGrayLevelEmphasis": "OAE7",
    "gldm_SmallDependenceLowGrayLevelEmphasis": "EQ3F",
    "gldm_SmallDependenceHighGrayLevelEmphasis": "JA6D",
    "gldm_LargeDependenceLowGrayLevelEmphasis": "NBZI",
    "gldm_LargeDependenceHighGrayLevelEmphasis": "9QMG",
    "gldm_GrayLevelNonUniformity": "FP8K",
    "gldm_DependenceNonUniformity": "Z87G",
    "gldm_DependenceNonUniformityNormalized": "OKJI",
    "gldm_GrayLevelVariance": "1PFV",
    "gldm_DependenceVariance": "DNX2",
    "gldm_DependenceEntropy": "FCBV",
}


class PyRadiomics(Library):
    """Arrays are (z, y, x), spacing is (x, y, z)."""

    name = "PyRadiomics"

    def about(self) -> dict:
        logging.getLogger("radiomics").setLevel(logging.CRITICAL)
        return {"version": radiomics.__version__.lstrip("v"), "families": list(FAMILIES)}

    def load(self, image, mask, spacing_mm) -> dict:
        self.arrays, self.spacing_mm = (image, mask.astype(np.uint8)), tuple(spacing_mm[::-1])
        return {}

    def run(self, task):
        image, mask = (sitk.GetImageFromArray(array) for array in self.arrays)
        image.SetSpacing(self.spacing_mm)
        mask.SetSpacing(self.spacing_mm)
        extractor = RadiomicsFeatureExtractor(binWidth=task["bin_width"], additionalInfo=False)
        extractor.disableAllFeatures()
        for name in task["families"]:
            if name in FAMILIES:
                extractor.enableFeatureClassByName(FAMILIES[name])
        return extractor.execute(image, mask)

    def features(self, result):
        bare = {name.removeprefix("original_"): value for name, value in result.items()}
        return {CODES[name]: value for name, value in bare.items() if name in CODES}


if __name__ == "__main__":
    serve(PyRadiomics())
