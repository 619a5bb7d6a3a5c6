"""How do the tests get a stranger's server? Homeservers that talk to each other, on loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.adapters.matrix.synapse import LocalSynapse, free_port


class FederatedSynapse(LocalSynapse):
    """One homeserver that others reach; its name is its address, so that nothing is looked up."""

    def __init__(self) -> None:
        self._door = free_port()
        super().__init__(server_name=f"127.0.0.1:{self._door}")

    def _config(self, key: Path, log: Path) -> dict[str, Any]:
        config = super()._config(key, log)
        certificate, private = _certificate(self._home)
        listener = {
            "port": self._door,
            "type": "http",
            "tls": True,
            "bind_addresses": ["127.0.0.1"],
            "resources": [{"names": ["federation"], "compress": False}],
        }
        return config | {
            "listeners": [*config["listeners"], listener],
            "tls_certificate_path": str(certificate),
            "tls_private_key_path": str(private),
            "federation_verify_certificates": False,
            "ip_range_blacklist": [],
        }


def _certificate(home: Path) -> tuple[Path, Path]:
    """Write a certificate of its own making; the others are told to take any."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    certificate, private = home / "tls.crt", home / "tls.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
