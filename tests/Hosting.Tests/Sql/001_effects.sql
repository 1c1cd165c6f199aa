create table effects (id int generated always as identity primary key, what text not null);
