-- Shared by every service; created inside the service's own schema.

create table inbox (
    message_id uuid not null,
    consumer text not null,
    received_at timestamptz not null default now(),
    primary key (message_id, consumer)
);

create table outbox (
    sequence bigint generated always as identity primary key,
    message_id uuid not null unique,
    type text not null,
    body text not null,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    attempts int not null default 0,
    not_before timestamptz,
    last_error text
);

create index outbox_unsent on outbox (sequence) where sent_at is null;
