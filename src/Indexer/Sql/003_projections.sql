-- Derived from the live events alone; dropped and recomputed at will. Times are Unix seconds, amounts token units.

create table jobs (
    job bytea primary key,
    client bytea not null,
    operator bytea not null,
    node_key bytea not null,
    workload bytea not null,
    policy bytea not null,
    comparison text not null,
    unit_price numeric(78) not null,
    max_price numeric(78) not null,
    fee numeric(78) not null,
    run_window bigint not null,
    nonce bytea not null,
    state text not null,
    outcome text not null,
    opened_block bigint not null,
    opened_log_index int not null,
    opened_at bigint not null,
    opened_transaction bytea not null,
    submitted_at bigint,
    submitted_transaction bytea,
    commitment bytea,
    manifest bytea,
    epoch numeric(20),
    rate_ppm bigint,
    roster_length bigint,
    accuser bytea,
    accused_at bigint,
    accused_transaction bytea,
    verdict text,
    evidence bytea,
    verdict_at bigint,
    verdict_transaction bytea,
    outputs_root bytea,
    units numeric(20),
    price numeric(78),
    reexecutor bytea,
    refund numeric(78),
    penalty numeric(78),
    slashed numeric(78),
    compensation numeric(78),
    accuser_reward numeric(78),
    insured numeric(78),
    ended_block bigint,
    ended_at bigint,
    ended_transaction bytea
);

create index jobs_opened on jobs (opened_block desc, opened_log_index desc);
create index jobs_client on jobs (client, opened_block desc, opened_log_index desc);
create index jobs_operator on jobs (operator, opened_block desc, opened_log_index desc);
create index jobs_state on jobs (state, opened_block desc, opened_log_index desc);

-- One row per account and book: clients have Available and Reserved, operators Bond, Locked and Earned, the contract itself the pools.
create table balances (
    account bytea not null,
    book text not null,
    balance numeric(78) not null,
    block_number bigint not null,
    log_index int not null,
    primary key (account, book)
);

create table operators (
    operator bytea primary key,
    signer bytea not null,
    payout bytea not null,
    registered_block bigint not null,
    place bigint,
    cluster bytea,
    active boolean not null,
    jailed boolean not null,
    unbonding numeric(78) not null,
    unbonds_at numeric(20),
    exposure numeric(78) not null,
    clean bigint not null,
    no_shows bigint not null,
    strikes bigint not null,
    jobs bigint not null,
    released bigint not null,
    refunded bigint not null,
    slashed bigint not null
);
