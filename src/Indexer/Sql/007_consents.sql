-- What parties say beside a job's own words, and what of it belongs to a job.
alter table job_opened add bound boolean not null default false;
alter table job_opened alter bound drop default;
alter table operator_registered add owner bytea not null default '\x0000000000000000000000000000000000000000';
alter table operator_registered alter owner drop default;

create table job_bound (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    job bytea not null,
    payer bytea not null,
    pool bigint not null,
    witness bytea not null
);

create index job_bound_job on job_bound (job);

create table spending_approved (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    payer bytea not null,
    spender bytea not null,
    per_job numeric(78) not null,
    per_day numeric(78) not null,
    until numeric(20) not null
);

create table pool_owned (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    pool bigint not null,
    owner bytea not null
);

create table pool_member_set (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    pool bigint not null,
    account bytea not null,
    orders boolean not null,
    works boolean not null
);

create table runtime_registered (
    sequence bigint primary key references events (sequence),
    block_number bigint not null,
    log_index int not null,
    number smallint not null,
    runtime bytea not null,
    deterministic boolean not null
);

-- Zero, as in the contract's record, where nobody else pays or witnesses and the pool is everybody.
alter table jobs add payer bytea not null default '\x0000000000000000000000000000000000000000', add pool bigint not null default 0,
    add witness bytea not null default '\x0000000000000000000000000000000000000000', add purse bytea;
update jobs set purse = client;
alter table jobs alter purse set not null, alter payer drop default, alter pool drop default, alter witness drop default;
drop index jobs_reserved;
create index jobs_reserved on jobs (purse, ended_block);
