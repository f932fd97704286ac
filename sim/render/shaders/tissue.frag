// SPDX-License-Identifier: Apache-2.0
// Wet tissue: vessels from the albedo texture, sparkle from a tiled bump map.
uniform sampler2D albedo;  // sqrt of linear RGB, wetness
uniform sampler2D bump;    // slopes along u and v, 0.5 = flat
uniform vec2 relief;       // bump tiles over uv, slope strength
in vec3 position;
in vec3 normal;
in vec2 uv;

void main() {
    vec4 skin = texture(albedo, uv);
    vec2 slope = (texture(bump, uv * relief.x).xy - 0.5) * relief.y;
    // The patch is a gently curved height field over world x, y: its tangents are near those axes.
    vec3 n = normalize(normal - vec3(slope, 0.0));
    developed(lit(position, n, skin.rgb * skin.rgb, skin.a * 1.45, 0.975), 0.0);
}
