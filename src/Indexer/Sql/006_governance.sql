-- What the authority changes, and epochs whose beacon stayed silent.
create table version_added (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    version bigint not null
);

create table pause_set (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    paused boolean not null
);

create table beacon_missed (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    epoch numeric(20) not null,
    source_block numeric(20) not null
);
