using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace OrderMonolith.Specs;

/// <summary>Bearer tokens that a service with these <see cref="Settings"/> takes.</summary>
static class Tokens
{
    const string Issuer = "specs", Audience = "orders";

    static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public static (string, string)[] Settings { get; } =
    [
        ("Authentication:Schemes:Bearer:ValidIssuer", Issuer),
        ("Authentication:Schemes:Bearer:ValidAudiences:0", Audience),
        ("Authentication:Schemes:Bearer:SigningKeys:0:Issuer", Issuer),
        ("Authentication:Schemes:Bearer:SigningKeys:0:Value", Convert.ToBase64String(Key)),
    ];

    /// <summary>The header of a caller with some scopes and other claims.</summary>
    public static (string, string) For(string subject, string scope, params (string Name, object Value)[] claims) =>
        Of(claims.Append(("sub", subject)).Append(("scope", scope)));

    public static (string, string) Of(IEnumerable<(string Name, object Value)> claims, DateTime? expires = null, byte[]? key = null) =>
        ("Authorization", "Bearer " + new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            Expires = expires ?? DateTime.UtcNow.AddMinutes(5),
            NotBefore = DateTime.UtcNow.AddHours(-1),
            IssuedAt = DateTime.UtcNow.AddHours(-1),
            Claims = claims.ToDictionary(c => c.Name, c => c.Value),
            SigningCredentials = new(new SymmetricSecurityKey(key ?? Key), SecurityAlgorithms.HmacSha256),
        }));

    /// <summary>A token that is signed by nobody.</summary>
    public static (string, string) Unsigned { get; } =
        ("Authorization", "Bearer " + new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor { Issuer = Issuer, Audience = Audience, Subject = new([new Claim("sub", "ann"), new Claim("scope", "orders:write")]) }));
}
