-- Once a minute, sessions are looked for that began in the future: while the clock was ahead.
CREATE INDEX sessions_by_start ON sessions (created_at);
