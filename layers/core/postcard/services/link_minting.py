"""Signs the links of one template version that differ in their values only. Asks no store."""

from collections.abc import Sequence

from postcard.links.build import sign_link
from postcard.links.signing import LinkKeys
from postcard.pipeline.render_job import OutputOptions, RenderJob
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class LinkMinter:
    """What the links of many people have in common.

    `pins_version` False: the link shows the latest version. `expires` is in Unix seconds.
    """

    loaded: LoadedTemplate
    options: OutputOptions
    keys: LinkKeys
    pins_version: bool = True
    expires: int | None = None
    campaign: str | None = None

    def sign(self, job: RenderJob, *, open: Sequence[str] = (), encoding: str | None = None) -> str:
        """The link of a job, without the host; parameters at their defaults are left out.

        With `open` it is the signed prefix of a merge link (`links.build.sign_link`).
        `BadRequest`, `UriTooLong`.
        """
        template, options, size = self.loaded.template, self.options, job.size
        default_quality = OutputOptions(format=job.format).resolve_quality(template)
        return sign_link(
            self.keys,
            template=template.id,
            format=job.format,
            fields=job.values.link_fields(),
            version=self.loaded.version if self.pins_version else None,
            width=None if size.display_width == template.document.width else size.display_width,
            dpr=1 if options.dpr is None else options.dpr,
            quality=None if job.quality == default_quality else job.quality,
            expires=self.expires,
            campaign=self.campaign,
            open=open,
            encoding=encoding,
        )
