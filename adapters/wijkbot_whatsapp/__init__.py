"""How does wijkbot speak with WhatsApp, through Twilio? This package is the adapter."""
