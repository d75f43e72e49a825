"""What this package traces itself, in plain OpenTelemetry: any backend sees it. Knows identity only."""
