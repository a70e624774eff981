"""Signs the links of one template version that differ in their values only. Asks no store."""

from collections.abc import Sequence

from postcard.geometry import OutputSize
from postcard.links.build import LinkSigner
from postcard.links.signing import LinkKeys
from postcard.pipeline.render_job import OutputOptions, RenderJob
from postcard.pipeline.template_loader import LoadedTemplate


class LinkMinter:
    """What the links of many people have in common is checked and encoded once.

    `pins_version` False: the link shows the latest version. `expires` is in Unix seconds. With
    `open` they are the signed prefixes of merge links (`links.build.sign_link`).
    """

    def __init__(
        self,
        loaded: LoadedTemplate,
        options: OutputOptions,
        size: OutputSize,
        keys: LinkKeys,
        *,
        pins_version: bool = True,
        expires: int | None = None,
        campaign: str | None = None,
        open: Sequence[str] = (),
        encoding: str | None = None,
    ) -> None:
        template = loaded.template
        format, quality = options.resolve_format(template), options.resolve_quality(template)
        default_quality = OutputOptions(format=format).resolve_quality(template)
        self._signer = LinkSigner(
            keys,
            template=template.id,
            format=format,
            version=loaded.version if pins_version else None,
            width=None if size.display_width == template.document.width else size.display_width,
            dpr=1 if options.dpr is None else options.dpr,
            quality=None if quality == default_quality else quality,
            expires=expires,
            campaign=campaign,
            open=open,
            encoding=encoding,
        )

    def sign(self, job: RenderJob) -> str:
        """The link of a job's values, without the host; those at their defaults are left out.

        `BadRequest`, `UriTooLong`.
        """
        return self._signer.sign(job.values.link_fields())
