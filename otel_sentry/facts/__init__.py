"""What can be observed of a process: settings, providers, sentry-sdk, packages, books. Looks, and changes nothing."""
