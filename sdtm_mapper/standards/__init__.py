"""What CDISC says: guide, model, controlled terminology; and the product's own rules."""
