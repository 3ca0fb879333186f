"""Three knobs on a real tumor, and the features that move."""
