-- From where users signed in lately: strangers who guess passwords elsewhere are not to be in their way. A network is an
-- IPv4 address, or the /64 network of an IPv6 address.
CREATE TABLE known_networks (
    user_id      BIGINT NOT NULL REFERENCES users (id),
    network      TEXT COLLATE "C" NOT NULL CHECK (length(network) BETWEEN 1 AND 50),
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, network)
);

CREATE INDEX known_networks_by_network ON known_networks (network, last_used_at);
CREATE INDEX known_networks_by_time ON known_networks (last_used_at);

-- Finds the costliest hash, by the cost that a hash tells (`$2b$12$…`).
CREATE INDEX users_by_hash_cost ON users (substr(password_hash, 5, 2)) WHERE deleted_at IS NULL;
