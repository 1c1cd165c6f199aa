namespace Assay.Hosting;

/// <summary>The service must not start: settings or surroundings are wrong and trying again will not help. Exit code 2, one line.</summary>
public sealed class StartRefusedException(string message) : Exception(message);
