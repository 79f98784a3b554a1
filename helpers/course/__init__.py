"""For those who keep the course: its address, form, building, measuring and web book. No lesson imports from here."""
