"""How fast is it? Figures are measured here, never in a test."""
