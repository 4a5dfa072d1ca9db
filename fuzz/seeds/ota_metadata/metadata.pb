"'
ota-property-filespayload.bin:1:2  *	
halcyon2r
halcyonEenigm/halcyon/halcyon:16/EP1A.261005.002/2026100501:user/release-keys
2026100501 Ä≤ç÷*362
2026-10-05