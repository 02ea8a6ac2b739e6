CREATE TABLE IF NOT EXISTS api_keys (
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  last_used_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  UNIQUE (digest)
);

CREATE TABLE IF NOT EXISTS documents (
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  metadata JSONB DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  words TSVECTOR GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || content)) STORED,
  PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS profiles (
  user_id TEXT NOT NULL,
  profile JSONB DEFAULT '{}' NOT NULL,
  settings JSONB DEFAULT '{}' NOT NULL,
  preferences JSONB DEFAULT '{}' NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (user_id)
);

CREATE TABLE IF NOT EXISTS threads (
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  metadata JSONB DEFAULT '{}' NOT NULL,
  message_count INTEGER DEFAULT 0 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS users (
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  password TEXT,
  permissions TEXT[] NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (email)
);

CREATE TABLE IF NOT EXISTS messages (
  id TEXT NOT NULL,
  position BIGINT GENERATED ALWAYS AS IDENTITY,
  thread_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  role TEXT NOT NULL,
  content TEXT NOT NULL,
  metadata JSONB DEFAULT '{}' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(thread_id) REFERENCES threads (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS sessions (
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  refresh_id TEXT NOT NULL,
  user_agent TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  last_used_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS api_keys_by_user ON api_keys (user_id, created_at);

CREATE INDEX IF NOT EXISTS documents_by_user ON documents (user_id, created_at);

CREATE INDEX IF NOT EXISTS documents_by_words ON documents USING gin (words);

CREATE INDEX IF NOT EXISTS threads_by_user ON threads (user_id, updated_at);

CREATE INDEX IF NOT EXISTS messages_by_thread ON messages (thread_id, position);

CREATE INDEX IF NOT EXISTS ix_sessions_user_id ON sessions (user_id);
