"""The flagship's demo: nine sites' exports, and what a perfect conversion gives."""
