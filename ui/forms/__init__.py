"""Forms on the page: any declared form as fields to type in."""
