"""What every endpoint shares: reading a request strictly, knowing who asks, and answering in one form."""
