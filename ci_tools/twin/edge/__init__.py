"""The HTTPS edge before the services: virtual hosts, limits, and the answers of a load balancer."""
