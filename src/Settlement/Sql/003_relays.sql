-- Words that others have signed and we carry. What is done about one are rows of actions, with the id as their subject.
create table relays (
    id          bytea primary key check (octet_length(id) = 32),
    kind        text not null,
    account     bytea not null check (octet_length(account) = 20),  -- whose word it is
    call        bytea not null,                                     -- the contract call that carries it
    received_at timestamptz not null default now(),
    tries       int not null default 1,                             -- how often it was taken; again only after a failure
    ended_at    timestamptz,
    code        text,                                               -- why it failed
    check (code is null or ended_at is not null)
);
create index relays_waiting on relays (received_at) where ended_at is null;
create index relays_of_account on relays (account, received_at);
