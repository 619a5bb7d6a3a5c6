"""The pages and webhooks: they translate requests and decide nothing."""
