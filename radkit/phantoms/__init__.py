"""L2: data whose true answer is known: the IBSI digital phantom, and simulated lesions with their truth."""

from radkit.phantoms.ibsi_digital import ibsi_digital
from radkit.phantoms.lesion import Lesion, counterfactual, render, simulate, simulated_case
from radkit.phantoms.scanner import PetScanner, Scanner, sphere_recovery
from radkit.phantoms.shape import Shape, Surface, draw
from radkit.phantoms.texture import Texture, gaussian_field

__all__ = [
    "Lesion", "PetScanner", "Scanner", "Shape", "Surface", "Texture", "counterfactual", "draw", "gaussian_field",
    "ibsi_digital", "render", "simulate", "simulated_case", "sphere_recovery",
]  # fmt: skip
