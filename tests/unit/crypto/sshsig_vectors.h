/* SPDX-License-Identifier: Apache-2.0 */
/* What `ssh-keygen -Y sign -n ambit-policy` of OpenSSH 9.2 made of SIGNED_MESSAGE with throwaway
 * keys, and, for the kinds that live on a security key, what OpenSSL made in its place (ssh-keygen
 * verifies them). */
#pragma once

static const char SIGNED_MESSAGE[] = "{\"policy\":\"restart-services\"}\n";

struct sshsig_vector {
    const char *name, *signer, *armored;
};
static const struct sshsig_vector sshsig_vectors[] = {
    {"ed25519_sha512",
     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILXqTaeWHm+uVX2+lB2fIrAoGwLQyKGXU8zbPwXzKPcD"
     " dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgtepNp5Yeb65Vfb6UHZ8isCgbAt\n"
     "DIoZdTzNs/BfMo9wMAAAAMYW1iaXQtcG9saWN5AAAAAAAAAAZzaGE1MTIAAABTAAAAC3Nz\n"
     "aC1lZDI1NTE5AAAAQBEj8wsKteZzLS2h21b16nhoAhmQWmIRP/j6rKeQV/7M5NrIwWD0O8\n"
     "vaH3FZtHvAypgwBvOJSTIi6NUOZoa65QE=\n"
     "-----END SSH SIGNATURE-----\n"},
    {"ed25519_sha256",
     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILXqTaeWHm+uVX2+lB2fIrAoGwLQyKGXU8zbPwXzKPcD"
     " dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgtepNp5Yeb65Vfb6UHZ8isCgbAt\n"
     "DIoZdTzNs/BfMo9wMAAAAMYW1iaXQtcG9saWN5AAAAAAAAAAZzaGEyNTYAAABTAAAAC3Nz\n"
     "aC1lZDI1NTE5AAAAQKUxPzrpbIbJG2kAX6BFp7eNxYnCpq4l5nhSCM/LqfkBqZfPF2iVsa\n"
     "zoa9ZTkN0I+SNL7Ysd6VP5M60E6DEA8A4=\n"
     "-----END SSH SIGNATURE-----\n"},
    {"p256_sha512",
     "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBM1czh9j"
     "tL5t/KJyTxoWfPRXguJVd6dyJKnKnMJ0oms0BGqeURs6NWurjYkV9VboYKLilXY1icCzT6dR9qhWaVU="
     " dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE\n"
     "EEzVzOH2O0vm38onJPGhZ89FeC4lV3p3IkqcqcwnSiazQEap5RGzo1a6uNiRX1VuhgouKV\n"
     "djWJwLNPp1H2qFZpVQAAAAxhbWJpdC1wb2xpY3kAAAAAAAAABnNoYTUxMgAAAGUAAAATZW\n"
     "Nkc2Etc2hhMi1uaXN0cDI1NgAAAEoAAAAhAIeHAqQkLOss7FwbqnVllNlOJuwjE+TX2Yvf\n"
     "xyNs9rdNAAAAIQC83wdSLd1T/5ZGcpPyS2rjLWKuCqKwi6F8cjnppqWU6A==\n"
     "-----END SSH SIGNATURE-----\n"},
    {"p384_sha512",
     "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBDrnaFGz"
     "Joa1ItXnVfxy8cwzdGqCibjhuio2ZdPCzK/dPPkU6dFWyk0pR1K2bfvPwrZpHo0XQL9xY2e2moTwfJRa"
     "d21TfK5J+KEBKRUnjXHHmqav6TvWHC5Q3b3/b1CKlQ== dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAAIgAAAATZWNkc2Etc2hhMi1uaXN0cDM4NAAAAAhuaXN0cDM4NAAAAG\n"
     "EEOudoUbMmhrUi1edV/HLxzDN0aoKJuOG6KjZl08LMr908+RTp0VbKTSlHUrZt+8/Ctmke\n"
     "jRdAv3FjZ7aahPB8lFp3bVN8rkn4oQEpFSeNcceapq/pO9YcLlDdvf9vUIqVAAAADGFtYm\n"
     "l0LXBvbGljeQAAAAAAAAAGc2hhNTEyAAAAhQAAABNlY2RzYS1zaGEyLW5pc3RwMzg0AAAA\n"
     "agAAADEAoVC7EHCa0aYgM3gtat5v8AsZXAGv8b3QIsTENnuEwj6RzP8RPrfTMFrM8m794m\n"
     "lfAAAAMQDNZL8HILladMH09ggMm6ApGc9X6hjgX3Tx+z6mearxYmAHl/xMuM9iGtXDlo+M\n"
     "L4o=\n"
     "-----END SSH SIGNATURE-----\n"},
    {"p521_sha512",
     "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAH9FmGL"
     "6HwSRdIDWZzfhhOJzE1u+aJPuzMUaK9v4WyLaYcvceG2g/1QB5BGsLS0dmCcHF+fi+iPk9lX/FnKNz1s"
     "LwBPcFcBAxJWKbjRMDJs/OvEZP9U4lETQ2f0i9E2Aa6FNFsB6wIPggmhb3bHK4qb+vleFkfM3gubSDGU"
     "P3aXXaTQXw== dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAAKwAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQAAAI\n"
     "UEAf0WYYvofBJF0gNZnN+GE4nMTW75ok+7MxRor2/hbItphy9x4baD/VAHkEawtLR2YJwc\n"
     "X5+L6I+T2Vf8Wco3PWwvAE9wVwEDElYpuNEwMmz868Rk/1TiURNDZ/SL0TYBroU0WwHrAg\n"
     "+CCaFvdscripv6+V4WR8zeC5tIMZQ/dpddpNBfAAAADGFtYml0LXBvbGljeQAAAAAAAAAG\n"
     "c2hhNTEyAAAApwAAABNlY2RzYS1zaGEyLW5pc3RwNTIxAAAAjAAAAEIAxOiJ/A+GvUkLxK\n"
     "cyZ9QdyYmYyu7VkksKoF2t/fIK5r7RqUZvday++9T37HZW+dCzj0AfWobK6hsnNFag9KOe\n"
     "lf0AAABCANqxps5wOtqSMw+xhZ08IokDhwEO7xN7QmBvk5fdqj3aidZKLTKF9YFrrqxNyG\n"
     "AbRZUJc6vi+XnTNF2MPKfSoObE\n"
     "-----END SSH SIGNATURE-----\n"},
    {"rsa2048_sha512",
     "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCxJhc23z4aLAa02BIXmXjDCptlDnN3zDHaZmGFaseF"
     "Ju3z5fOcoO7mhFRHTKqb1RCELDnfW5YiL7ZFhkP9E6pKrq8/C6PiORQAJq/fmkGT2IJcUV2PQ9jB45vr"
     "xM/HXh+oD46mJv7uR1yRWDmH2N1HnxwOZSHT1DUifCqYOoy5IIXkvfcTr03Cqrn5G0rhB2nMKrEoGhYV"
     "ynC0Yuw0NbhxVq1PDrS2QKP0ioV+aKLv6eqhPh0RQWEyjYJUAgz4uFi/ud5Shf8RHZymepHwOqftq0kK"
     "Bc84OuxVTGxIWMaMhfUYSe8N1I6cLMR49eix+il9Jjl6C61EhEo7bQ/o9sbx dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBALEmFzbfPhosBrTYEheZeM\n"
     "MKm2UOc3fMMdpmYYVqx4Um7fPl85yg7uaEVEdMqpvVEIQsOd9bliIvtkWGQ/0Tqkqurz8L\n"
     "o+I5FAAmr9+aQZPYglxRXY9D2MHjm+vEz8deH6gPjqYm/u5HXJFYOYfY3UefHA5lIdPUNS\n"
     "J8Kpg6jLkgheS99xOvTcKqufkbSuEHacwqsSgaFhXKcLRi7DQ1uHFWrU8OtLZAo/SKhX5o\n"
     "ou/p6qE+HRFBYTKNglQCDPi4WL+53lKF/xEdnKZ6kfA6p+2rSQoFzzg67FVMbEhYxoyF9R\n"
     "hJ7w3UjpwsxHj16LH6KX0mOXoLrUSESjttD+j2xvEAAAAMYW1iaXQtcG9saWN5AAAAAAAA\n"
     "AAZzaGE1MTIAAAEUAAAADHJzYS1zaGEyLTUxMgAAAQA7k/YpW6iRdn33/8Ft91clN2rqvQ\n"
     "naccLwvCMzUcpCehGjHyVRT3zQCOxtyYH2ltAtJo6Gfh548OV/jUG5CfYG46BMtYdORWKi\n"
     "YbvEPUhpm6IPX6peNvMOWtOh7PO3bRaFineqLpqWs0JuxwtWwjtQxBQLqY5X+2/BCF9b9b\n"
     "h5v/LgzBPDsD0Ybh6q/dXqdEByCCo9bcNj78A9o7SJfSDPjV5lWZGMwfdijWUvUwJlZiDe\n"
     "bCq170R5f2aiAjxezU2mVOdzc6eVs2fED8CmyBYNZxftjQkSz8gzRcISgxpe725dxdzGVR\n"
     "yXFaQilJzcEKvdLNT0p3/rVPjIg+dIrUq2\n"
     "-----END SSH SIGNATURE-----\n"},
    {"rsa2048_sha256",
     "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCxJhc23z4aLAa02BIXmXjDCptlDnN3zDHaZmGFaseF"
     "Ju3z5fOcoO7mhFRHTKqb1RCELDnfW5YiL7ZFhkP9E6pKrq8/C6PiORQAJq/fmkGT2IJcUV2PQ9jB45vr"
     "xM/HXh+oD46mJv7uR1yRWDmH2N1HnxwOZSHT1DUifCqYOoy5IIXkvfcTr03Cqrn5G0rhB2nMKrEoGhYV"
     "ynC0Yuw0NbhxVq1PDrS2QKP0ioV+aKLv6eqhPh0RQWEyjYJUAgz4uFi/ud5Shf8RHZymepHwOqftq0kK"
     "Bc84OuxVTGxIWMaMhfUYSe8N1I6cLMR49eix+il9Jjl6C61EhEo7bQ/o9sbx dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBALEmFzbfPhosBrTYEheZeM\n"
     "MKm2UOc3fMMdpmYYVqx4Um7fPl85yg7uaEVEdMqpvVEIQsOd9bliIvtkWGQ/0Tqkqurz8L\n"
     "o+I5FAAmr9+aQZPYglxRXY9D2MHjm+vEz8deH6gPjqYm/u5HXJFYOYfY3UefHA5lIdPUNS\n"
     "J8Kpg6jLkgheS99xOvTcKqufkbSuEHacwqsSgaFhXKcLRi7DQ1uHFWrU8OtLZAo/SKhX5o\n"
     "ou/p6qE+HRFBYTKNglQCDPi4WL+53lKF/xEdnKZ6kfA6p+2rSQoFzzg67FVMbEhYxoyF9R\n"
     "hJ7w3UjpwsxHj16LH6KX0mOXoLrUSESjttD+j2xvEAAAAMYW1iaXQtcG9saWN5AAAAAAAA\n"
     "AAZzaGEyNTYAAAEUAAAADHJzYS1zaGEyLTUxMgAAAQBk7kh6WQVeJqodhxSEVxuF9e4uR5\n"
     "aCDZSHcMlfzKQX4rWLp8ZKHTv53E9Nvnjty5v3cPxj0CzZwkjc5Dev9fgrxO30O7RRukq0\n"
     "T1i98PiElh8PJ0wlSgAP7lFDQqu8hkdQlf0WBimLfTkDL5yTOvLAuLGzqVWwADg2sAe6vZ\n"
     "DY7sHGlFZltFHFRm5VaNfY4N9zF4wN+0acc65ZlvwBjZTdhUrGM0l7QMKYQE0qePaJJ9Vi\n"
     "yyU0lJgmsN5sqUKSNg8zPsst/G88ixCx2yzY4iPkKfiVaPuDkCeSG7vNm3O02b57sXf4xV\n"
     "bWkmR1CiTY3R5LvKSfx5iVnJblQ7p3NJxl\n"
     "-----END SSH SIGNATURE-----\n"},
    {"rsa1024_sha512",
     "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDs4l/8TFtn/5y8ZTTvhBqZ7ZHW2r9ASjDghF/Olt7Y"
     "dSjlN3Sxm4o9qGMTcA42ueXpRAgsuEcgH99hHuxgeZsX+Jhu47nJj4V90TX8rOciPz74UEiobCUcZ5/q"
     "XKLZnEceLUymRJjerD+ZYt1cZq6N+W+K1dnLFT3COlC8XEtdAw== dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAAJcAAAAHc3NoLXJzYQAAAAMBAAEAAACBAOziX/xMW2f/nLxlNO+EGp\n"
     "ntkdbav0BKMOCEX86W3th1KOU3dLGbij2oYxNwDja55elECCy4RyAf32Ee7GB5mxf4mG7j\n"
     "ucmPhX3RNfys5yI/PvhQSKhsJRxnn+pcotmcRx4tTKZEmN6sP5li3Vxmro35b4rV2csVPc\n"
     "I6ULxcS10DAAAADGFtYml0LXBvbGljeQAAAAAAAAAGc2hhNTEyAAAAlAAAAAxyc2Etc2hh\n"
     "Mi01MTIAAACA3hLacwNJlU7DuDC5s9VsCcTcVkasRkhg74yBBjMm6aN7dbiOjsjpI6fq5z\n"
     "PIo3tzx8TO1sRb8ZAmqcUPvSxrt3NtxyHwzMNnNXqlYKd6AknoRE/2iueCOZOnGMkwKqDd\n"
     "I5o8rkaOCaeKnjVI+ra6zCfdOS+nb16qNFJD17zJ6y8=\n"
     "-----END SSH SIGNATURE-----\n"},
    {"sk_ed25519_touched",
     "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIG/x0YG93"
     "5HWpf6PsZ1umytKBPkEhSZu3R3bZoGKnZE+AAAABHNzaDo= dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAAEoAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAAAgb/HRgb\n"
     "3fkdal/o+xnW6bK0oE+QSFJm7dHdtmgYqdkT4AAAAEc3NoOgAAAAxhbWJpdC1wb2xpY3kA\n"
     "AAAAAAAABnNoYTUxMgAAAGcAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAABANN\n"
     "Kv4hdVhIEl87MtV7YJY8slqxeKCApUovxF708cliQomrSyLoDWZraYraOF/+78pc8QoACO\n"
     "xVTsc3gh4xncCgEAAAAH\n"
     "-----END SSH SIGNATURE-----\n"},
    {"sk_ed25519_untouched",
     "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA4vdrFDU"
     "Nn8FaWJp5zF4/FF7+BX3EL/uYy7ITzRVbOFAAAABHNzaDo= dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAAEoAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAAAgDi92sU\n"
     "NQ2fwVpYmnnMXj8UXv4FfcQv+5jLshPNFVs4UAAAAEc3NoOgAAAAxhbWJpdC1wb2xpY3kA\n"
     "AAAAAAAABnNoYTUxMgAAAGcAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAABAPI\n"
     "FclZqysWfJlQALeABZToHi1YKG6PsrIYteOsa+z3WBblPuH6bcUIGsiIWWxgCixlnNhdvT\n"
     "le5Kyk33CXN+CQAAAAAH\n"
     "-----END SSH SIGNATURE-----\n"},
    {"sk_p256_touched",
     "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNza"
     "C5jb20AAAAIbmlzdHAyNTYAAABBBPbqcEMukb7ZoVIOZO5kUAOC8hcsg8CRjcSdsQKh+tsYJ8RmXKxWa"
     "gA1TtRWrOSg/PGCdtzCZSUYkCsGda/hwNYAAAAEc3NoOg== dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAAH8AAAAic2stZWNkc2Etc2hhMi1uaXN0cDI1NkBvcGVuc3NoLmNvbQ\n"
     "AAAAhuaXN0cDI1NgAAAEEE9upwQy6RvtmhUg5k7mRQA4LyFyyDwJGNxJ2xAqH62xgnxGZc\n"
     "rFZqADVO1Fas5KD88YJ23MJlJRiQKwZ1r+HA1gAAAARzc2g6AAAADGFtYml0LXBvbGljeQ\n"
     "AAAAAAAAAGc2hhNTEyAAAAeQAAACJzay1lY2RzYS1zaGEyLW5pc3RwMjU2QG9wZW5zc2gu\n"
     "Y29tAAAASgAAACEApFEEbxMxWK7eo4Fl1QcJiBoLF3zMc7cHF2hCCObnshUAAAAhAKxjBj\n"
     "xPiuqLyXSr4lnSlFQbNgHvMVi5DTCNflAbYR9iAQAAAAc=\n"
     "-----END SSH SIGNATURE-----\n"},
    {"sk_p256_untouched",
     "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNza"
     "C5jb20AAAAIbmlzdHAyNTYAAABBBGTJtyGFthR257kDM6cZmGO7MzWcZceSxi5+0J9bLQNVtJcvqauKP"
     "N9BdnymWOHR8a0aO1DagpYR9+sbeVI8I24AAAAEc3NoOg== dana@example",
     "-----BEGIN SSH SIGNATURE-----\n"
     "U1NIU0lHAAAAAQAAAH8AAAAic2stZWNkc2Etc2hhMi1uaXN0cDI1NkBvcGVuc3NoLmNvbQ\n"
     "AAAAhuaXN0cDI1NgAAAEEEZMm3IYW2FHbnuQMzpxmYY7szNZxlx5LGLn7Qn1stA1W0ly+p\n"
     "q4o830F2fKZY4dHxrRo7UNqClhH36xt5UjwjbgAAAARzc2g6AAAADGFtYml0LXBvbGljeQ\n"
     "AAAAAAAAAGc2hhNTEyAAAAeQAAACJzay1lY2RzYS1zaGEyLW5pc3RwMjU2QG9wZW5zc2gu\n"
     "Y29tAAAASgAAACEA6JPZ0akqUBQ79ZQ0+07LaPc9PkWekG50Bhv4PJjUzBsAAAAhAJNojU\n"
     "9qKclmSusDHSNTbYUmGYcuFhlk9VbmcZeG8iIFAAAAAAc=\n"
     "-----END SSH SIGNATURE-----\n"},
};
