namespace Assay.Protocol.Chain;

// The enumerations of contracts/interfaces/IVocabulary.sol, in its order; a test compares them with the contract source.

public enum JobState { None, Open, Submitted, Accused, Convicted, Appealed, Released, Refunded, Slashed }

public enum Outcome { None, Delivered, Checked, Unchecked, Cleared, NoShow, Unavailable, Inconclusive, WrongResult, Cancelled }

public enum Randomness { BlockHash, Beacon }

public enum Comparison { Exact, Tolerance }

public enum Finding { None, Value, Match, Mismatch, Malformed, Failed }

public enum Verdict { None, Cleared, Convicted, Inconclusive }

/// <summary>The sub-accounts. Reserved has no movements: it is what a client's jobs in flight hold, see <see cref="Job.Reserved"/>.</summary>
public enum Book { Available, Reserved, Bond, Locked, Earned, CheckPool, InsurancePool }

public enum Reason
{
    None, Deposit, Withdrawal, Bonding, BondWithdrawal, Reservation, Payment, Remainder, Checks, KeeperPart,
    CheckPay, Refund, Penalty, Slash, Compensation, AccuserReward, Insurance, CaseLock, CaseUnlock, SeatPay, Claim, Donation,
}

public enum Skip
{
    None, WrongState, Expired, NonceUsed, BadClientSignature, BadOperatorSignature, BadNodeSignature, WrongOperator, NotEligible, Admission,
    InsufficientFunds, FeeTooLow, BadTerms, TooEarly, TooLate, SeedMissing, CheckMissing, BadOpening, BadAttestation, RosterTooSmall, WrongRecord,
    NotInPool, NotAllowed, NotDeterministic, BadWitness,
}

public enum ItemAction { None, Open, Submit, Release, Expire, Slash, Lapse, CommitSeat, Cancel }
