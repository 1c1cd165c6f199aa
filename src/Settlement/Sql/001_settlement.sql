-- Signed orders as clients posted them. The job id is the order's EIP-712 digest.
create table orders (
    job         bytea primary key check (octet_length(job) = 32),
    client      bytea not null check (octet_length(client) = 20),
    nonce       bytea not null check (octet_length(nonce) = 32),
    body        jsonb not null,
    signature   bytea not null,
    reserve     numeric(39) not null check (reserve > 0),       -- what the opening takes: max price and fee
    received_at timestamptz not null default now(),
    rejected    text                                            -- why it never reached the chain; null while it may
);
create unique index orders_one_per_nonce on orders (client, nonce) where rejected is null;

-- Every order and every job on the chain. Closed when its end has been read back from a final block, or when its order was rejected.
create table jobs (
    job       bytea primary key check (octet_length(job) = 32),
    seen_at   timestamptz not null default now(),
    closed_at timestamptz,
    outcome   text,
    check ((closed_at is null) = (outcome is null))
);
create index jobs_running on jobs (job) where closed_at is null;

-- What parties signed, brought by the Verifier. The newest that the contract takes is used.
create table documents (
    job         bytea not null check (octet_length(job) = 32),
    kind        text not null,
    digest      bytea not null check (octet_length(digest) = 32),
    body        jsonb not null,
    position    bigint generated always as identity,
    received_at timestamptz not null default now(),
    primary key (job, kind, digest)
);

-- Every LedgerMoved event. Reserved for the reader of balances; which rows count is in live_ledger.
create table ledger (
    block_hash       bytea not null,
    log_index        int not null,
    sequence         bigint not null,
    block_number     bigint not null,
    transaction_hash bytea not null,
    job              bytea not null,
    account          bytea not null check (octet_length(account) = 20),
    book             text not null,
    reason           text not null,
    amount           numeric(39) not null,
    balance          numeric(39) not null check (balance >= 0),
    primary key (block_hash, log_index)
);
create index ledger_by_account on ledger (account, book, block_number, log_index);
create index ledger_by_job on ledger (job);

create view live_ledger as
select l.* from ledger l
where not exists (select from feed_orphans o where o.block_hash = l.block_hash and o.sequence > l.sequence);

-- Who sends for a key: each holder of its lease has the next epoch, and only the highest may store attempts.
create table senders (
    chain_id bigint not null,
    sender   bytea not null check (octet_length(sender) = 20),
    epoch    bigint not null check (epoch > 0),
    primary key (chain_id, sender)
);

-- One row per nonce of a key: the promise that this nonce is used, by one of its attempts.
create table transactions (
    id           bigint generated always as identity primary key,
    chain_id     bigint not null,
    sender       bytea not null check (octet_length(sender) = 20),
    nonce        bigint not null check (nonce >= 0),
    intent       text not null,                                 -- what it is for; asked for twice, it is sent once
    recipient    bytea not null check (octet_length(recipient) = 20),
    value        numeric(78) not null default 0,                -- wei
    data         bytea not null,
    gas          bigint not null check (gas between 21000 and 16000000),
    state        text not null default 'Pending' check (state in ('Pending', 'Succeeded', 'Reverted', 'Cancelled', 'Foreign')),
    block_number bigint,                                        -- of the receipt last seen; provisional until the state says so
    block_hash   bytea,
    succeeded    boolean,
    fee          numeric(78),                                   -- paid in the end, wei
    created_at   timestamptz not null default now(),
    settled_at   timestamptz,
    unique (chain_id, sender, nonce),
    unique (chain_id, sender, intent)
);
create index transactions_pending on transactions (sender, nonce) where state = 'Pending';

-- Every signed form of a transaction, stored before it is first sent.
create table attempts (
    transaction_id bigint not null references transactions,
    number         int not null,
    hash           bytea not null unique check (octet_length(hash) = 32),
    raw            bytea not null,
    max_fee        numeric(39) not null,
    priority_fee   numeric(39) not null,
    cancels        boolean not null,                            -- an empty transfer to itself, so that the nonce does not stay open
    epoch          bigint not null,                             -- of the lease under which it was signed
    created_at     timestamptz not null default now(),
    sent_at        timestamptz,                                 -- last broadcast
    answer         text,                                        -- what the node said to it
    primary key (transaction_id, number)
);

-- One row per wish to bring a job forward. A later revision exists only when the earlier one came to nothing.
create table actions (
    id             bigint generated always as identity primary key,
    subject        bytea not null check (octet_length(subject) = 32),
    transition     text not null,
    slot           smallint not null,
    revision       int not null,
    payload        jsonb not null,
    digest         bytea not null check (octet_length(digest) = 32),
    state          text not null default 'Planned' check (state in ('Planned', 'Sent', 'Done', 'Refused', 'Void')),
    code           text,                                        -- of a refusal
    retry_at       timestamptz,                                 -- of a refusal: when the same may be tried again; null: never
    transaction_id bigint references transactions,
    planned_at     timestamptz not null default now(),
    settled_at     timestamptz,
    unique (subject, transition, slot, revision),
    check ((state in ('Sent', 'Done')) <= (transaction_id is not null)),
    check ((state = 'Refused') = (code is not null))
);
create unique index actions_one_live on actions (subject, transition, slot) where state in ('Planned', 'Sent');
create index actions_planned on actions (id) where state = 'Planned';
create index actions_of_transaction on actions (transaction_id);
create index actions_refused on actions (subject) where state = 'Refused';
