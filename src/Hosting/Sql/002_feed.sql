-- What a service keeps of the chain. Rows only arrive, never change: any order and any repetition of them gives the same live set.

create table feed (
    sequence bigint primary key,
    block_number bigint not null,
    block_hash bytea not null check (octet_length(block_hash) = 32),
    block_time bigint not null,
    log_index int not null,
    job bytea check (octet_length(job) = 32),
    name text not null,
    body jsonb not null
);

create index feed_job on feed (job, block_number, log_index) where job is not null;
create index feed_place on feed (block_hash, log_index);
create index feed_name on feed (name, block_number, log_index);

create table feed_orphans (
    block_hash bytea not null check (octet_length(block_hash) = 32),
    sequence bigint not null,
    primary key (block_hash, sequence)
);

create table feed_clock (
    only_row boolean primary key default true check (only_row),
    head_number bigint not null,
    head_time bigint not null,
    finalised_number bigint not null
);

insert into feed_clock (head_number, head_time, finalised_number) values (0, 0, 0);

-- Sequences order events and retractions: a retraction withdraws what was announced before it, a later announcement stands.
create view feed_live as
select f.*, f.block_number <= c.finalised_number as final
from feed f cross join feed_clock c
where not exists (select from feed_orphans o where o.block_hash = f.block_hash and o.sequence > f.sequence)
    -- The same event announced again under a later number counts once.
    and not exists (select from feed g where g.block_hash = f.block_hash and g.log_index = f.log_index and g.sequence > f.sequence);
