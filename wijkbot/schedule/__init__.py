"""When is somebody there? Consultation hours: recurrence, exceptions, holidays. Pure."""
