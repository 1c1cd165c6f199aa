-- One database follows one contract on one chain. Rows of blocks that left the chain stay, marked with the retraction that withdrew them.

create table chain (
    only_row boolean primary key default true check (only_row),
    chain_id bigint not null,
    escrow bytea not null,
    token bytea not null,
    start_block bigint not null,
    indexed_number bigint,
    indexed_hash bytea,
    indexed_time bigint,
    finalised_number bigint not null default 0,
    sequence bigint not null default 0,
    writer uuid,
    halted text
);

create table blocks (
    hash bytea primary key check (octet_length(hash) = 32),
    number bigint not null,
    parent_hash bytea not null,
    time bigint not null,
    orphaned_by bigint
);

create unique index blocks_current on blocks (number) where orphaned_by is null;

-- Events and retractions share one running number; the relay sends both in its order.
create table events (
    sequence bigint primary key,
    block_number bigint not null,
    block_hash bytea not null references blocks (hash),
    block_time bigint not null,
    transaction_hash bytea not null check (octet_length(transaction_hash) = 32),
    log_index int not null,
    name text not null,
    job bytea,
    body jsonb not null,
    orphaned_by bigint
);

create unique index events_current on events (block_number, log_index) where orphaned_by is null;
create index events_job on events (job, block_number, log_index) where job is not null;

create view live as
select sequence, block_hash, block_time, transaction_hash from events where orphaned_by is null;

create table retractions (
    sequence bigint primary key,
    from_number bigint not null,
    block_hashes bytea[] not null
);

create table publication (
    only_row boolean primary key default true check (only_row),
    sequence bigint not null default 0
);

insert into publication default values;
