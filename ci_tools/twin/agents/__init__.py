"""The nine agents of the deployed system, their tools and the runtime that runs them."""
