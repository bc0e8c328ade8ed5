"""Downloading what a scenario needs: the one part of the product that uses the network."""
