-- Cases have two rounds. What older tables hold is of a contract that this release does not follow.

drop table result_accused;
create table result_accused (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    accuser bytea not null,
    value bytea not null,
    bonded boolean not null,
    epoch numeric(20) not null,
    roster_length bigint not null
);
create index result_accused_job on result_accused (job);

drop table seats_drawn;
create table seats_drawn (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    round smallint not null,
    seats bytea[] not null,
    commit_by numeric(20) not null
);
create index seats_drawn_job on seats_drawn (job);

drop table seat_refilled;
create table seat_refilled (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    round smallint not null,
    seat smallint not null,
    "from" bytea not null,
    "to" bytea not null,
    failed boolean not null,
    commit_by numeric(20) not null
);
create index seat_refilled_job on seat_refilled (job);

drop table seat_committed;
create table seat_committed (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    round smallint not null,
    seat smallint not null,
    operator bytea not null,
    commitment bytea not null
);
create index seat_committed_job on seat_committed (job);

drop table seats_sealed;
create table seats_sealed (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    round smallint not null,
    reveal_by numeric(20) not null
);
create index seats_sealed_job on seats_sealed (job);

drop table verdict_reached;
create table verdict_reached (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    round smallint not null,
    verdict text not null,
    value bytea not null,
    evidence bytea not null
);
create index verdict_reached_job on verdict_reached (job);

create table result_appealed (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    appellant bytea not null,
    epoch numeric(20) not null,
    roster_length bigint not null
);

create index result_appealed_job on result_appealed (job);

create table appeal_lapsed (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null
);

create index appeal_lapsed_job on appeal_lapsed (job);
