"""The server of the example shop: pages, a stand-in for payments, and a panel of decisions."""
