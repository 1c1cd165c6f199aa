using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Assay.Hosting.Options;

/// <summary>
/// Reads an options class from configuration and checks it, nested sections included: data annotations per value,
/// <see cref="IValidatableObject"/> for contradictions. A <see cref="DescriptionAttribute"/> on each property is its line in <c>--help</c>.
/// </summary>
public static class OptionsReader
{
    /// <exception cref="StartRefusedException">A value is missing, malformed, out of range or contradicts another; the message names each.</exception>
    public static T Read<T>(IConfiguration configuration) where T : class, new()
    {
        var options = new T();
        try
        {
            configuration.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            throw new StartRefusedException($"Configuration: {e.Message} {e.InnerException?.Message}".TrimEnd());
        }
        Check(options);
        return options;
    }

    /// <inheritdoc cref="Read{T}"/>
    public static void Check(object options)
    {
        var problems = Problems(options, "").ToList();
        if (problems.Count > 0)
            throw new StartRefusedException("Configuration: " + string.Join("; ", problems) + ". See --help.");
    }

    /// <summary>One line per setting: name, what it is, default.</summary>
    public static string Help<T>() where T : class, new()
    {
        var text = new StringBuilder();
        foreach (var (name, property, owner) in Leaves(new T(), ""))
        {
            var value = Convert.ToString(property.GetValue(owner), CultureInfo.InvariantCulture);
            // A default that its own range refuses has to be replaced.
            var isRequired = property.GetCustomAttributes<ValidationAttribute>().Any(rule => !rule.IsValid(property.GetValue(owner)));
            var note = isRequired ? "required" : $"default {(value is "" or null ? "none" : value)}";
            text.AppendLine(CultureInfo.InvariantCulture,
                $"  --{name,-32} {property.GetCustomAttribute<DescriptionAttribute>()?.Description} ({note})");
        }
        return text.ToString();
    }

    private static IEnumerable<string> Problems(object options, string prefix)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        foreach (var result in results)
            yield return $"{string.Join(", ", result.MemberNames.Select(member => prefix + member))}: {result.ErrorMessage?.TrimEnd('.')}";
        foreach (var (property, section) in Sections(options))
            foreach (var problem in Problems(section, $"{prefix}{property.Name}:"))
                yield return problem;
    }

    private static IEnumerable<(string Name, PropertyInfo Property, object Owner)> Leaves(object options, string prefix)
    {
        foreach (var property in Settable(options))
            if (IsSection(property))
                foreach (var leaf in Leaves(property.GetValue(options)!, $"{prefix}{property.Name}:"))
                    yield return leaf;
            else
                yield return (prefix + property.Name, property, options);
    }

    private static IEnumerable<(PropertyInfo, object)> Sections(object options) =>
        Settable(options).Where(IsSection).Select(property => (property, property.GetValue(options)!));

    private static IEnumerable<PropertyInfo> Settable(object options) =>
        options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true });

    private static bool IsSection(PropertyInfo property) =>
        property.PropertyType is { IsClass: true } type && type != typeof(string) && type.Namespace?.StartsWith("Assay", StringComparison.Ordinal) == true;
}
