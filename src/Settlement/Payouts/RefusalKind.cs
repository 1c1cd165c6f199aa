using Assay.Protocol.Chain;
using Assay.Settlement.Submission;

namespace Assay.Settlement.Payouts;

/// <summary>What a refusal asks of us.</summary>
public enum RefusalKind
{
    /// <summary>
    /// Time or the chain's state will change it: try the same again after a pause. A wrong record is one: what was read is of a fork, and the next reading
    /// brings the right one.
    /// </summary>
    Later,
    /// <summary>This document will never do; another one may.</summary>
    Document,
    /// <summary>The order itself can never be opened.</summary>
    Order,
}

public static class RefusalKinds
{
    public static RefusalKind Of(Transition transition, string code) => 
        Enum.TryParse<Skip>(code, out var skip) ? Of(transition, skip)
        : code == RefusalCode.Unencodable ? RefusalKind.Document
        : RefusalKind.Later;

    public static RefusalKind Of(Transition transition, Skip code) => code switch
    {
        Skip.BadClientSignature or Skip.NonceUsed or Skip.FeeTooLow or Skip.NotDeterministic when transition == Transition.Open => RefusalKind.Order,
        // The order's own terms were checked when it was taken: what is left is the document beside it.
        Skip.BadTerms or Skip.BadOperatorSignature or Skip.BadNodeSignature or Skip.BadWitness or Skip.WrongOperator or Skip.BadOpening or Skip.BadAttestation => RefusalKind.Document,
        _ => RefusalKind.Later,
    };

    /// <summary>A refused opening that another operator's acceptance may cure.</summary>
    public static bool ConcernsOperator(Skip code) =>
        code is Skip.BadTerms or Skip.BadOperatorSignature or Skip.WrongOperator or Skip.NotEligible or Skip.NotInPool or Skip.Admission or Skip.Expired;
}
