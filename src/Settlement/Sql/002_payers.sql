-- Whose balance an order takes: the client's, or that of who has approved the client's spending.
alter table orders add payer bytea check (octet_length(payer) = 20);
update orders set payer = client;
alter table orders alter payer set not null;
