"""Hold what the card of a publication says of the task ``denoise`` in its own words."""

from __future__ import annotations

from mn_dataset.tasks.spec import CardText

CARD_TEXT = CardText(
    name="Mixtures of music and noise",
    recipe="""\
## The recipe, and what SNR means

A mixture is a sum of layers: a clip, and a noise at an SNR. Which recording, from which sample, at
which SNR or gain stands in `layers`; `recipes.parquet` holds nothing else. A noise that is shorter
than its clip is repeated with an equal-power cross-fade.

* SNR: {levels}; met within 0.01 dB over the samples that are mixed. `power` is the ratio of
  the energies; `variance` the same without the means; `active` counts, for each layer alone, the
  blocks of 1024 samples within 40 dB of its loudest; `lufs` is the difference of integrated
  loudness (BS.1770). All four are measured on the published samples and stored.
* `noisy − clean == noise` in 16-bit samples, exactly. Where a sample would pass 32 000, all layers
  are scaled by one `mix_gain`.
""",
    example="{music_category} in {noise_class} noise at {snr_db:g} dB",
    tags=("denoising", "music-enhancement", "snr"),
    url="https://doi.org/10.1109/taslp.2024.3378118",
    cite_as=(
        "Cheng et al., MusicECAN: An Automatic Denoising Network for Music Recordings With "
        "Efficient Channel Attention, IEEE/ACM TASLP 2024, doi 10.1109/taslp.2024.3378118"
    ),
    citation="""\
```bibtex
@article{cheng2024musicecan,
  author  = {Cheng, Haonan and Liu, Shulin and Lian, Zhicheng and Ye, Long and Zhang, Qin},
  title   = {{MusicECAN}: An Automatic Denoising Network for Music Recordings With Efficient Channel Attention},
  journal = {IEEE/ACM Transactions on Audio, Speech, and Language Processing},
  year    = {2024},
  doi     = {10.1109/taslp.2024.3378118},
}
```

The task and the classes are that paper's; the recordings are other people's, named above.
""",  # noqa: E501 - a title is one line
)
