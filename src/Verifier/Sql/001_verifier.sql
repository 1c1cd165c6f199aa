-- What nodes and clients signed, and what was asked of whom. What the chain says stands in feed; nothing here repeats it.

create table jobs (
    job bytea primary key check (octet_length(job) = 32),
    order_body jsonb,                      -- null while only the chain has told of it
    order_signature bytea,
    holder bytea,                          -- operator that the job is with now: offered, accepted or running
    active boolean not null default true,
    wake_at timestamptz not null default now()
);

create index jobs_due on jobs (wake_at) where active;
create index jobs_holder on jobs (holder) where active and holder is not null;

create table acceptances (
    job bytea not null references jobs,
    number int not null,                   -- of the offer that it answers
    operator bytea not null,
    body jsonb not null,
    signature bytea not null,
    received_at timestamptz not null,
    after_sequence bigint not null,
    primary key (job, number)
);

create table results (
    job bytea not null references jobs,
    operator bytea not null,
    body jsonb not null,
    signature bytea not null,
    manifest text not null,
    primary key (job, operator)
);

create table openings (
    job bytea not null references jobs,
    commitment bytea not null,
    body jsonb not null,
    primary key (job, commitment)
);

create table seals (
    job bytea not null references jobs,
    round int not null,
    seat int not null,
    operator bytea not null,
    body jsonb not null,
    signature bytea not null,
    received_at timestamptz not null,
    primary key (job, round, seat, operator)
);

create table attestations (
    job bytea not null references jobs,
    round int not null,
    seat int not null,
    operator bytea not null,
    claim bytea not null,                  -- value of the claim that it judges, zero where none was opened
    body jsonb not null,
    signature bytea not null,
    outputs_root bytea not null,
    units numeric(20) not null,
    salt bytea not null,
    received_at timestamptz not null,
    primary key (job, round, seat, operator, claim)
);

create table work (
    id text primary key,
    job bytea not null references jobs,
    kind text not null,
    operator bytea not null,
    round int not null,
    seat int not null,
    number int not null,
    claim jsonb,
    state text not null,
    created_at timestamptz not null,
    leased_until timestamptz,
    closed_at timestamptz,
    reason text
);

create index work_open on work (operator, created_at) where state = 'Open';
create index work_job on work (job);

-- Every message leaves once per content.
create table sent (
    job bytea not null references jobs,
    content bytea not null,
    type text not null,
    sent_at timestamptz not null,
    primary key (job, content)
);

create table evidence (
    digest bytea primary key,
    job bytea not null references jobs,
    bundle bytea not null,
    created_at timestamptz not null
);

create index evidence_job on evidence (job, created_at);

create table nodes (
    operator bytea primary key,
    seen_at timestamptz,
    lapsed_at timestamptz,
    offered_at timestamptz
);

-- May upload inputs. An entry outlives a reorg: it is a permission to store, not a balance.
create table clients (address bytea primary key);

create table request_nonces (
    address bytea not null,
    nonce bytea not null,
    deadline timestamptz not null,
    primary key (address, nonce)
);

create index request_nonces_deadline on request_nonces (deadline);

-- Counts changes of roster and seeds, so that readers know when to fold them again.
create table surroundings (
    only_row boolean primary key default true check (only_row),
    version bigint not null
);

insert into surroundings (version) values (0);
