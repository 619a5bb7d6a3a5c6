"""Does the WhatsApp adapter do what Twilio and a resident expect of it?"""
