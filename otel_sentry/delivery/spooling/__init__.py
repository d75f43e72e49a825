"""Parcels on disk, for outages and crashes."""
