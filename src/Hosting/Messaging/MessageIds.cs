using System.Security.Cryptography;
using System.Text;

namespace Assay.Hosting.Messaging;

/// <summary>Message ids that are the same for the same content, so that a message made twice is recognised as one.</summary>
public static class MessageIds
{
    /// <summary>First 16 bytes of SHA-256 over the parts, marked as a version 8 UUID.</summary>
    public static Guid From(params object[] parts)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001f', parts)));
        hash[6] = (byte)(hash[6] & 0x0f | 0x80);
        hash[8] = (byte)(hash[8] & 0x3f | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }
}
