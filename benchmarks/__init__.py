"""What the engine costs, measured on the machine at hand."""
