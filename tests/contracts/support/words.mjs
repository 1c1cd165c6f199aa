// The contract's enums by name, read nowhere else.
const numbered = (...names) => Object.fromEntries(names.map((name, number) => [name, number]));

export const State = numbered("None", "Open", "Submitted", "Accused", "Convicted", "Appealed", "Released", "Refunded", "Slashed");
export const Outcome = numbered("None", "Delivered", "Checked", "Unchecked", "Cleared", "NoShow", "Unavailable", "Inconclusive", "WrongResult", "Cancelled");
export const Comparison = numbered("Exact", "Tolerance");
export const Finding = numbered("None", "Value", "Match", "Mismatch", "Malformed", "Failed");
export const Verdict = numbered("None", "Cleared", "Convicted", "Inconclusive");
export const Book = numbered("Available", "Reserved", "Bond", "Locked", "Earned", "CheckPool", "InsurancePool");
export const Reason = numbered(
  "None", "Deposit", "Withdrawal", "Bonding", "BondWithdrawal", "Reservation", "Payment", "Remainder", "Checks", "KeeperPart",
  "CheckPay", "Refund", "Penalty", "Slash", "Compensation", "AccuserReward", "Insurance", "CaseLock", "CaseUnlock", "SeatPay", "Claim", "Donation",
);
export const Skip = numbered(
  "None", "WrongState", "Expired", "NonceUsed", "BadClientSignature", "BadOperatorSignature", "BadNodeSignature", "WrongOperator", "NotEligible", "Admission",
  "InsufficientFunds", "FeeTooLow", "BadTerms", "TooEarly", "TooLate", "SeedMissing", "CheckMissing", "BadOpening", "BadAttestation", "RosterTooSmall",
  "WrongRecord", "NotInPool", "NotAllowed", "NotDeterministic", "BadWitness",
);
export const Action = numbered("None", "Open", "Submit", "Release", "Expire", "Slash", "Lapse", "CommitSeat", "Cancel");

/** What the mock of a contract wallet can answer. */
export const Answer = numbered("Faithful", "Reverts", "RevertsWithMuch", "Burns", "Nothing", "Short", "Much", "WrongMagic", "DirtyMagic", "RevertsWithMagic");
