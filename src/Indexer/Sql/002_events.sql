-- One table for each event of contracts/interfaces, columns in the order of the ABI. Enumerations stand by name, addresses and hashes as bytea,
-- integers above 32 bits as numeric. A row counts while its sequence is in the view live.

create table job_opened (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
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
    nonce bytea not null
);

create index job_opened_job on job_opened (job);

create table result_submitted (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    operator bytea not null,
    commitment bytea not null,
    manifest bytea not null,
    epoch numeric(20) not null,
    rate_ppm bigint not null,
    roster_length bigint not null
);

create index result_submitted_job on result_submitted (job);

create table seed_recorded (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    epoch numeric(20) not null,
    seed bytea not null
);

create index seed_recorded_epoch on seed_recorded (epoch);

create table reward_released (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    operator bytea not null,
    outcome text not null,
    outputs_root bytea not null,
    units numeric(20) not null,
    price numeric(78) not null,
    reexecutor bytea not null
);

create index reward_released_job on reward_released (job);
create index reward_released_operator on reward_released (operator);

create table job_refunded (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    client bytea not null,
    outcome text not null,
    refund numeric(78) not null,
    penalty numeric(78) not null
);

create index job_refunded_job on job_refunded (job);

create table result_accused (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    accuser bytea not null,
    value bytea not null,
    epoch numeric(20) not null,
    roster_length bigint not null
);

create index result_accused_job on result_accused (job);

create table seats_drawn (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    seats bytea[] not null,
    commit_by numeric(20) not null
);

create index seats_drawn_job on seats_drawn (job);

create table seat_refilled (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    seat smallint not null,
    "from" bytea not null,
    "to" bytea not null,
    commit_by numeric(20) not null
);

create index seat_refilled_job on seat_refilled (job);

create table seat_committed (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    seat smallint not null,
    operator bytea not null,
    commitment bytea not null
);

create index seat_committed_job on seat_committed (job);

create table seats_sealed (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    reveal_by numeric(20) not null
);

create index seats_sealed_job on seats_sealed (job);

create table claim_opened (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    outputs_root bytea not null,
    units numeric(20) not null,
    salt bytea not null
);

create index claim_opened_job on claim_opened (job);

create table verdict_reached (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    verdict text not null,
    value bytea not null,
    evidence bytea not null
);

create index verdict_reached_job on verdict_reached (job);

create table stake_slashed (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    operator bytea not null,
    amount numeric(78) not null,
    compensation numeric(78) not null,
    accuser_reward numeric(78) not null,
    insured numeric(78) not null
);

create index stake_slashed_job on stake_slashed (job);
create index stake_slashed_operator on stake_slashed (operator);

create table item_skipped (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    action text not null,
    code text not null
);

create table ledger_moved (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    account bytea not null,
    book text not null,
    reason text not null,
    amount numeric(78) not null,
    balance numeric(78) not null
);

create index ledger_moved_job on ledger_moved (job);
create index ledger_moved_account on ledger_moved (account, book, block_number desc, log_index desc);

create table operator_registered (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    operator bytea not null,
    signer bytea not null,
    payout bytea not null
);

create index operator_registered_operator on operator_registered (operator);

create table operator_joined (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    operator bytea not null,
    place bigint not null,
    cluster bytea not null
);

create index operator_joined_operator on operator_joined (operator);

create table operator_retired (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    operator bytea not null,
    place bigint not null,
    jailed boolean not null
);

create index operator_retired_operator on operator_retired (operator);

create table operator_struck (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    operator bytea not null,
    job bytea not null,
    outcome text not null,
    count bigint not null
);

create index operator_struck_job on operator_struck (job);
create index operator_struck_operator on operator_struck (operator);

create table unbonding_requested (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    operator bytea not null,
    amount numeric(78) not null,
    unbonds_at numeric(20) not null
);

create index unbonding_requested_operator on unbonding_requested (operator);

create table nonce_cancelled (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    client bytea not null,
    nonce bytea not null
);
