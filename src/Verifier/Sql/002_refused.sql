-- Settlement's dry run was told by the contract that this operator cannot open this order.
alter table acceptances add column refused boolean not null default false;
