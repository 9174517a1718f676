"""What is shown: one model, and its faces for terminals and machines."""
