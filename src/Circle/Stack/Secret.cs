using System.Security.Cryptography;

namespace Assay.Circle.Stack;

internal static class Secret
{
    /// <summary>A password of 128 random bits, in characters that need no escaping in an address or a connection string.</summary>
    public static string Password() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
