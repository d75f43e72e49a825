"""Trace headers, sampling decisions and dynamic sampling contexts: values in, values out."""
